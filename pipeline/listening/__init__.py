"""Listening back: takes -> what a speech recognizer hears -> how far it is from what was to be spoken."""
