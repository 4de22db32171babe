"""What of the recorded lines the tests need: standard input to standard output."""

import json
import sys

KEYS = ("name", "half", "network", "head", "tail", "tflite", "constants", "refused")

for line in sys.stdin:
    found = json.loads(line)
    # Without code there is nothing that was converted.
    if found["keras_problem"] is None and "operators" in found:
        kept = {key: found[key] for key in KEYS if key in found}
        print(json.dumps(kept | {"operators": " ".join(found["operators"])}))
