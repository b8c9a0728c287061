"""`python -m xsafety.config`: prints config.schema.json, by which editors explain and check config.yaml."""

import json

from .configuration import Config


def schema() -> str:
    """The JSON schema of `config.yaml`, of which the models of this package are the source."""
    return json.dumps(Config.model_json_schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    print(schema(), end="")
