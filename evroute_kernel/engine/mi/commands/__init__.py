"""The commands, by what they are about. Importing this package declares them all: it imports every module in it."""

from evroute_kernel.discovery import import_modules

import_modules(__name__)
