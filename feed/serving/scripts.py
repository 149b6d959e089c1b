"""What serving does inside Valkey, so that a page is one round trip.

A ready list is a list of entries (the clip's id in 32 hex digits, its author key in 16, its number
in 8, a mark of its words in 8) and a hash `…:meta`:
  base      the offset its first entry has,
  served    up to which offset it was shown: entries before are never changed,
  version   the viewer's count of changes it was ranked at,
  revision  counts how often it was written to, so that of two writers one notices,
  ended     1 when nothing can follow,
  viewer    who is noted as having been served, in JSON; empty where nothing is noted,
  model     what it was ranked with.
What was served is noted in the page's own round trip, each page once, in the stream STREAM: under
NOTE, in JSON, [viewer, request, seconds since the epoch, model, first position, pick, …]; `…:picks`
has the pick of each entry.  Workers write notes into the table (`feed.distribution.served`).
"""

STREAM, NOTE = "feed:served", "note"

ENTRY = """
local function list_of(gen, name) return 'feed:list:' .. gen .. ':' .. name end
local function state_of(list, changes)
    local meta = redis.call('HMGET', list .. ':meta', 'base', 'served', 'version', 'ended',
        'viewer', 'model')
    if not meta[1] then return nil end
    local base, served = tonumber(meta[1]), tonumber(meta[2])
    local length = base + redis.call('LLEN', list)
    local is_fresh = meta[3] == (changes or '0')
    local stop = is_fresh and length or math.min(served, length)
    return base, served, stop, is_fresh and meta[4] == '1', meta[5], meta[6]
end
-- All that a ranking starts from.
local function tail_of(list, hex, generation)
    local meta = redis.call('HMGET', list .. ':meta', 'base', 'served', 'version', 'revision')
    local dirty = redis.call('GET', 'feed:dirty:' .. hex) or '0'
    local entries = redis.call('LRANGE', list, 0, -1)
    if hex == '' then return {dirty, meta, entries, false, false} end
    local wishes, viewer = 'feed:wishes:' .. hex, 'feed:viewer:' .. hex
    redis.call('HSETNX', viewer, 'generation', generation)
    return {dirty, meta, entries,
        redis.call('HMGET', wishes, 'generation', 'made_for', 'told'),
        redis.call('HMGET', viewer, 'generation', 'made_for', 'state')}
end
local function note_served(list, base, served, at, viewer, model, request, now, seconds)
    local meta, picks_of = list .. ':meta', list .. ':picks'
    redis.call('HSET', meta, 'served', at)
    redis.call('EXPIRE', meta, seconds)
    redis.call('EXPIRE', list, seconds)
    redis.call('EXPIRE', picks_of, seconds)
    if not viewer or viewer == '' then return end
    local picks = redis.call('LRANGE', picks_of, served - base, at - base - 1)
    if #picks == 0 then return end
    -- Only the ends are put together one by one, because strings are costly here.
    picks[1] = '[' .. viewer .. ',"' .. request .. '",' .. now .. ',"' .. model .. '",' .. served
        .. ',' .. picks[1]
    picks[#picks] = picks[#picks] .. ']'
    redis.call('XADD', 'feed:served', 'MAXLEN', '~', 500000, '*', 'note', table.concat(picks, ','))
end
"""

# Cards are put together by who asks: a fragment, its counts, and what the viewer has to do with it
# (1 liked, 2 following, 4 is its author, added up), because strings are costly here.
# ARGV: key of the login, name, offset, limit, most requests, their seconds, request, seconds to
# keep, generation (only of the lists that visitors share: then there is no login), now.
PAGE = (
    ENTRY
    + """
local function record_of(hex)
    if hex == '' then return {} end
    return redis.call('HMGET', 'feed:person:' .. hex, 'gen', 'minor', 'slow', 'blocked', 'born')
end
local function short(list, uid, hex)
    return {'short', uid, record_of(hex), tail_of(list, hex, ARGV[7])}
end
local name, offset, limit = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local uid, hex, gen, me, is_minor, counted, changes = '', '', ARGV[9], '', false, nil, false
if ARGV[1] ~= '' then
    local who = redis.call('GET', ARGV[1])
    if not who then return {'stranger'} end
    uid, gen = string.sub(who, 1, 36), string.sub(who, 37)
    hex = string.gsub(uid, '-', '')
    local person = redis.call('HMGET', 'feed:person:' .. hex, 'gen', 'minor', 'slow', 'me')
    if person[1] ~= gen then return {'stranger'} end
    is_minor, me = person[2] == '1', person[4]
    counted = 'limit:person:' .. uid
    local found = redis.call('MGET', 'feed:free:' .. hex, counted, 'feed:dirty:' .. hex)
    if person[3] == '1' or tonumber(found[2] or '0') >= tonumber(ARGV[5]) then return {'slow'} end
    if not found[1] then return {'unsure', uid, record_of(hex)} end
    changes = found[3]
end
local list = list_of(gen, name)
local base, served, stop, has_ended, viewer, model = state_of(list, changes)
if not base then return short(list, uid, hex) end
if offset < base then offset = base end
local at, cards, counts_of, clips, authors, missing = offset, {}, {}, {}, {}, {}
while #cards < limit and at < stop do
    local entries = redis.call('LRANGE', list, at - base, at - base + limit - #cards - 1)
    local keys = {}
    for i, entry in ipairs(entries) do
        local clip = string.sub(entry, 1, 32)
        keys[2 * i - 1], keys[2 * i] = 'feed:card:' .. clip, 'feed:counts:' .. clip
    end
    local found = redis.call('MGET', unpack(keys))
    for i, entry in ipairs(entries) do
        if at == stop then break end
        local card, counts = found[2 * i - 1], found[2 * i]
        if not card or (card ~= '' and not counts) then
            missing[#missing + 1] = string.sub(entry, 1, 32)
        elseif card ~= '' and not (is_minor and string.sub(card, 1, 1) == '0')
            and string.sub(card, 2, 9) == string.sub(entry, 57, 64) then
            cards[#cards + 1], counts_of[#counts_of + 1] = card, counts
            clips[#clips + 1], authors[#authors + 1] =
                string.sub(entry, 1, 32), string.sub(entry, 33, 48)
        end
        at = at + 1
    end
    if #missing > 0 then return {'missing', unpack(missing)} end
end
if #cards < limit and not has_ended then return short(list, uid, hex) end
local liked, followed = {}, {}
if uid ~= '' and #clips > 0 then
    liked = redis.call('SMISMEMBER', 'feed:liked:' .. gen, unpack(clips))
    followed = redis.call('SMISMEMBER', 'feed:followed:' .. gen, unpack(authors))
end
local flags = {}
for i, author in ipairs(authors) do
    flags[i] = (liked[i] or 0) + 2 * (followed[i] or 0) + (author == me and 4 or 0)
end
if at > served then
    note_served(list, base, served, at, viewer, model, ARGV[7], ARGV[10], ARGV[8])
end
if counted and redis.call('INCR', counted) == 1 then redis.call('EXPIRE', counted, ARGV[6]) end
return {'ok', cards, counts_of, flags, at, (has_ended and at >= stop) and 0 or 1}
"""
)

# ARGV: generation, name, offset, count, seconds to keep, user id, request, now; entries alone.
ENTRIES = (
    ENTRY
    + """
local gen, name, offset, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local uid, list = ARGV[6], list_of(ARGV[1], ARGV[2])
local changes = redis.call('GET', 'feed:dirty:' .. string.gsub(uid, '-', ''))
local base, served, stop, has_ended, viewer, model = state_of(list, changes)
if not base then return {'short'} end
if offset < base then offset = base end
local at = math.min(offset + count, stop)
if at < offset + count and not has_ended then return {'short'} end
local entries = {}
if at > offset then
    entries = redis.call('LRANGE', list, offset - base, at - base - 1)
else
    at = offset
end
if at > served then
    note_served(list, base, served, at, viewer, model, ARGV[7], ARGV[8], ARGV[5])
end
return {'ok', at, (has_ended and at >= stop) and 0 or 1, unpack(entries)}
"""
)

# ARGV: generation, name, user id in hex (empty of a visitor), a generation for who has none.
TAIL = ENTRY + "return tail_of(list_of(ARGV[1], ARGV[2]), ARGV[3], ARGV[4])"

# ARGV: generation, name, revision expected, offset from which to write, base, version, ended,
# seconds to keep, number of entries, viewer and model for the log, entries, then as many picks.
# Answers which of the entries' clips have no fragment, or nil where another was faster.
EXTEND = """
local list = 'feed:list:' .. ARGV[1] .. ':' .. ARGV[2]
local meta = redis.call('HMGET', list .. ':meta', 'base', 'served', 'revision')
if (meta[3] or '') ~= ARGV[3] then return false end
local base, from = tonumber(meta[1] or ARGV[5]), tonumber(ARGV[4])
if meta[2] and tonumber(meta[2]) > from then return false end
local count, seconds = tonumber(ARGV[9]), tonumber(ARGV[8])
for n, key in ipairs({list, list .. ':picks'}) do
    if from == base then
        redis.call('DEL', key)
    else
        redis.call('LTRIM', key, 0, from - base - 1)
    end
    local first = 12 + (n - 1) * count
    for start = first, first + count - 1, 1000 do
        redis.call('RPUSH', key, unpack(ARGV, start, math.min(start + 999, first + count - 1)))
    end
    redis.call('EXPIRE', key, seconds)
end
redis.call('HSET', list .. ':meta', 'base', base, 'served', meta[2] or base, 'version', ARGV[6],
    'revision', tonumber(meta[3] or '0') + 1, 'ended', ARGV[7], 'viewer', ARGV[10],
    'model', ARGV[11])
redis.call('EXPIRE', list .. ':meta', seconds)
local keys, missing = {}, {}
for n = 1, count do keys[n] = 'feed:card:' .. string.sub(ARGV[11 + n], 1, 32) end
for start = 1, count, 1000 do
    local last = math.min(start + 999, count)
    if redis.call('EXISTS', unpack(keys, start, last)) <= last - start then
        for n = start, last do
            if redis.call('EXISTS', keys[n]) == 0 then
                missing[#missing + 1] = string.sub(keys[n], 11)
            end
        end
    end
end
return missing
"""
