"""What every part of Carbet shares. Imports nothing of ours from outside this folder."""
