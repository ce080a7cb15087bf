"""Programs that `compose.yaml` runs beside the emulator and the webhook.

They take the steps of `services/tools/demo/cloud.py` as separate containers, with the addresses
read from the environment. `make demo` uses none of them.
"""
