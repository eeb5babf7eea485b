"""Views of a training run: curves, a console, files."""
