"""`/me/`: the pages of signed-in patients, and of the facilities that book for them."""
