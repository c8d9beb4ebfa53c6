"""Téléexpertise: a documented request, and an expert's signed answer."""
