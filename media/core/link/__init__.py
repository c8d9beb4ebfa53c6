"""One link: what it carries now, told by delay, loss and what arrives; and video paced to it."""
