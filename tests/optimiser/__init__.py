"""Tests of the planning library; folders are its packages."""
