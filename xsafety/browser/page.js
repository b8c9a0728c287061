// Keys of the page. Physical keys are asked for, so that digits and letters work under any keyboard layout.
document.addEventListener("keydown", (event) => {
  if (event.isComposing || document.querySelector(".q-dialog")) return;
  const field = event.target.closest("textarea, input");
  const digit = /^(?:Digit|Numpad)([1-7])$/.exec(event.code);
  const focus = (selector) => document.querySelector(selector)?.focus();
  const enter = event.key === "Enter";
  let action = null;
  if (event.ctrlKey || event.metaKey) {
    if (enter) action = "accept";
  } else if (event.altKey) {
    if (digit) action = digit[1];
    else if (event.code === "ArrowUp") action = "back";
    else if (event.code === "ArrowDown") action = "forward";
  } else if (field) {
    if (event.key === "Escape") field.blur();
  } else if (digit) action = digit[1];
  else if (enter && !event.target.closest("button")) action = "next";
  else if (event.code === "KeyE" || event.code === "KeyN") {
    event.preventDefault();
    focus(event.code === "KeyE" ? "#target textarea" : ".note textarea");
  }
  if (action) {
    event.preventDefault();
    if (!event.repeat) emitEvent("page_key", { action, typing: Boolean(field) });
  }
});

// Fields are as high as their text; Quasar sees to it where that changes, not where the window does.
window.addEventListener("resize", () => {
  for (const field of document.querySelectorAll("textarea")) {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  }
});

// Nobody types into a page whose server is away: then NiceGUI's #popup shows.
new MutationObserver(() => {
  const away = document.getElementById("popup")?.ariaHidden === "false";
  for (const part of document.querySelectorAll("#row, #foot")) part.inert = away;
}).observe(document.documentElement, { subtree: true, attributeFilter: ["aria-hidden"] });
