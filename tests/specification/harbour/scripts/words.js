function louder(word, end) { return word.toUpperCase() + end; }
