-- Drops the records that are to be forgotten by now.
keep_user_keys()
return 1
