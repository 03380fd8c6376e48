"""The pytest plugin: fixture `live`."""
