// OrderMapping
