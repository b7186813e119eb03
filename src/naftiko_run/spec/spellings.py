"""The spellings of fields that are read in several places, the official ones first."""

from __future__ import annotations

from typing import Final

from naftiko_run.spec.lookup import spellings

INFO_LABEL: Final = spellings("info", "label")
LABEL: Final = spellings("tool", "label")
DESCRIPTION: Final = spellings("tool", "description")
BASE_URI: Final = spellings("consumes", "baseUri")
CONSUMED_NAMESPACE: Final = spellings("consumes", "namespace")
OPERATION_NAME: Final = spellings("consumed operation", "name")
AUTHENTICATION: Final = spellings("consumes", "authentication")
PLACEMENT: Final = spellings("apikey authentication", "placement")
API_KEY_NAME: Final = spellings("apikey authentication", "key")
API_KEY_VALUE: Final = spellings("apikey part", "value")
IMPORTED_FILE: Final = spellings("import", "location")
INPUT_VALUE: Final = spellings("input", "value")
CONSUMED_OUTPUT_VALUE: Final = spellings("consumed output", "value")
STEP_TARGET: Final = spellings("mapping", "targetName")
FUNCTIONS: Final = spellings("aggregate", "functions")
ARGUMENTS: Final = spellings("prompt", "arguments")
TEMPLATE: Final = spellings("prompt", "template")
