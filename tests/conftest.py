"""What every test runs under: no hub, no deadline that a busy machine could miss."""

import os

from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"
settings.register_profile("augmill", deadline=None)
settings.load_profile("augmill")
