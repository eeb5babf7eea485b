"""A trace as a picture: boxes and links, their layout, DOT and SVG."""
