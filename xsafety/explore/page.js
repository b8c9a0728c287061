// Texts are blurred until they are asked for: all, for as long as the tab is open, or one by one.
const button = document.getElementById("reveal");
function reveal(shown) {
  document.documentElement.classList.toggle("clear", shown);
  button.setAttribute("aria-pressed", shown);
  button.textContent = shown ? "Blur texts" : "Show texts";
  sessionStorage.setItem("shown", shown ? "yes" : "");
}
if (button) {
  reveal(sessionStorage.getItem("shown") === "yes");
  button.addEventListener("click", () => reveal(button.getAttribute("aria-pressed") !== "true"));
  for (const text of document.querySelectorAll(".text")) {
    text.tabIndex = 0;
    text.addEventListener("click", () => text.classList.add("clear"));
    text.addEventListener("keydown", (event) => { if (event.key === "Enter") text.classList.add("clear"); });
  }
  const name = localStorage.getItem("labeller");
  for (const field of document.querySelectorAll("[name=labeller]")) {
    if (name) field.value = name;
    field.addEventListener("change", () => localStorage.setItem("labeller", field.value));
  }
}
