-- Put in front of user-session.lua, after feed.lua, for scripts that change a user's sessions.

-- `text`: the session's JSON. An event never has the hash of a login session's secret. Quotes inside of JSON texts are
-- escaped, so only the member itself matches.
local function tell_session(change, text)
  tell('user_session.' .. change .. '\n' .. string.gsub(text, '"secretHash":"[^"]*"', '"secretHash":null'))
end
