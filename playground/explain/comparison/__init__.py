"""Two traces side by side: what of one corresponds to what of the other, and how far they are apart."""
