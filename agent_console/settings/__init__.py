"""`/console/settings`: the city's data in the browser, from the draft to the published version and back."""
