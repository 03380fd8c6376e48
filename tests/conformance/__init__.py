"""Django's own template tests, run on livecomp's renderer."""
