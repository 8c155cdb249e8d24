"""Measurements: what each promise about speed and memory costs, beside the floor it is compared with."""
