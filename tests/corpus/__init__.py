"""Archives made by script: one for each rule that an upload can break, and for each it must not.

``python -m tests.corpus FOLDER`` writes them all into a folder, for other tools to look at.
"""
