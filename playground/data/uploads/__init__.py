"""Uploads, data of one's own: pictures in a folder or a zip, or a CSV table."""
