"""Who speaks when: two published networks and a clustering; see diarizer.py."""
