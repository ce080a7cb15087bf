"""The local cloud in containers: what `compose.yaml` starts beside emulator and webhook.

The same steps as `services/tools/demo/cloud.py`, each as a program that ends or serves, with the
addresses taken from the environment. `make demo` needs none of this.
"""
