"""The doors of the management interface: one module for each way in."""
