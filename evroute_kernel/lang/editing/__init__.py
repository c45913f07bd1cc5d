"""A text that is edited: pieces that are read each by themselves, and the findings that come of them."""
