"""AWS's answers onto the nouns, one file for each noun."""
