"""The commands, by what they are about. Importing this package declares them all: it imports every module in it."""

from evroute_kernel.discovery import import_modules
from evroute_kernel.engine.mi.declaration import arrange

import_modules(__name__)
arrange()
