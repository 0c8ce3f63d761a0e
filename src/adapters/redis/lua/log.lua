-- Put in front of every script over a durable log. KEYS: the session's fields, the stream of its log. ARGV begins with
-- the node and its home epoch. The fields log_epoch, log_seq, log_writer and log_server belong to the log. A batch is
-- one stream entry, whose id is the number of the batch's last entry.
local session_key, log_key = KEYS[1], KEYS[2]
local KEEP_AFTER_EXPIRY_MS = 60000

local f = redis.call('HMGET', session_key, 'expires', 'home', 'epoch', 'log_epoch', 'log_seq', 'log_writer', 'log_server')
local expires, epoch, believed = tonumber(f[1] or 0), tonumber(f[3] or 0), tonumber(ARGV[4])
if expires <= now or epoch < believed then return { 'missing' } end
if epoch > believed or f[2] ~= ARGV[3] then return { 'moved' } end
local log_epoch, log_seq, log_writer, log_server = f[4], f[5], f[6], f[7]

local function id_of(seq) return seq .. '-0' end

-- Names this run of the server. After a restart or a failover it may lack what it answered before.
local function server() return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') end

-- Makes a new writer.
local function save_log(numbering, seq)
  local writer = int(tonumber(log_writer or 0) + 1)
  redis.call('HSET', session_key, 'log_epoch', numbering, 'log_seq', seq, 'log_writer', writer, 'log_server', server())
  return writer
end
