-- ARGV: an event without its time. Writes it to the feed.
tell(ARGV[3])
return 1
