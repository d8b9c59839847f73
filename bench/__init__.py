"""Figures of the project, each beside its anchor: ./jarvis bench."""
