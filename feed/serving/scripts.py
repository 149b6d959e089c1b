"""What serving does inside Valkey, so that a page is one round trip.

A ready list is a string of entries (`feed.serving.entries`), and a hash `…:meta`:
  base      the offset its first entry has,
  served    up to which offset it was shown: entries before are never changed,
  ranked    from which offset on its last ranking reaches,
  version   the viewer's count of changes it was ranked at,
  revision  counts how often it was written to, so that of two writers one notices,
  ended     1 when nothing can follow,
  viewer    who is noted as having been served, in JSON; empty where nothing is noted,
  model     what it was ranked with,
  names     what the last ranking's picks say, in JSON (`feed.serving.notes`),
  width     how many bytes each of them has; they are in the string `…:picks`.
What was served is noted in the page's own round trip, each page once, in the stream STREAM: under
NOTE, in JSON, [viewer, request, seconds since the epoch, model, first position, names]; under PICKS
their bytes.  Workers write notes into the table (`feed.distribution.served`).
"""

STREAM, NOTE, PICKS = "feed:shown", b"note", b"picks"

LIST = """
local WIDTH = 64
local function list_of(gen, name) return 'feed:ready:' .. gen .. ':' .. name end
-- Base, served, the offset behind the last entry, version, revision, ended; nothing without a list.
local function meta_of(list)
    local meta = redis.call('HMGET', list .. ':meta', 'base', 'served', 'version', 'revision',
        'ended')
    if not meta[1] then return nil end
    local base, served = tonumber(meta[1]), tonumber(meta[2])
    local behind = base + redis.call('STRLEN', list) / WIDTH
    if behind < served then return nil end
    return base, served, behind, meta[3], meta[4], meta[5]
end
local function state_of(list, changes)
    local base, served, behind, version, _, ended = meta_of(list)
    local is_fresh = version == (changes or '0')
    return base, served, is_fresh and behind or served, is_fresh and ended == '1'
end
-- All that a ranking starts from: what was shown is never ranked again.
local function tail_of(list, hex, generation)
    local base, served, _, version, revision = meta_of(list)
    local dirty = redis.call('GET', 'feed:dirty:' .. hex) or '0'
    local meta, shown = {false, '', ''}, ''
    if base then
        meta = {served, version, revision}
        if served > base then
            shown = redis.call('GETRANGE', list, 0, (served - base) * WIDTH - 1)
        end
    end
    if hex == '' then return {dirty, meta, shown, false, false} end
    local wishes, viewer = 'feed:wishes:' .. hex, 'feed:viewer:' .. hex
    redis.call('HSETNX', viewer, 'generation', generation)
    return {dirty, meta, shown,
        redis.call('HMGET', wishes, 'generation', 'made_for', 'told'),
        redis.call('HMGET', viewer, 'generation', 'made_for', 'columns')}
end
local function note_served(list, served, at, request, now, seconds)
    local meta, picks_of = list .. ':meta', list .. ':picks'
    redis.call('HSET', meta, 'served', at)
    redis.call('EXPIRE', meta, seconds)
    redis.call('EXPIRE', list, seconds)
    redis.call('EXPIRE', picks_of, seconds)
    local of = redis.call('HMGET', meta, 'viewer', 'model', 'names', 'width', 'ranked')
    if not of[1] or of[1] == '' then return end
    local picks = redis.call('GETRANGE', picks_of, (served - of[5]) * of[4],
        (at - of[5]) * of[4] - 1)
    if picks == '' then return end
    redis.call('XADD', 'feed:shown', 'MAXLEN', '~', 500000, '*', 'note', '[' .. of[1] .. ',"'
        .. request .. '",' .. now .. ',"' .. of[2] .. '",' .. served .. ',' .. of[3] .. ']',
        'picks', picks)
end
-- From ARGV[first] on: generation, name, revision expected, offset from which to write, version,
-- ended, seconds to keep, viewer, model, entries, names, width, picks.  Says whether it did.
local function extend(first)
    local list, from = list_of(ARGV[first], ARGV[first + 1]), tonumber(ARGV[first + 3])
    local base, served, _, _, revision = meta_of(list)
    if (revision or '') ~= ARGV[first + 2] or (served and served ~= from) then return 0 end
    local seconds, kept = ARGV[first + 6], ''
    if base and from > base then
        kept = redis.call('GETRANGE', list, 0, (from - base) * WIDTH - 1)
    end
    redis.call('SET', list, kept .. ARGV[first + 9], 'EX', seconds)
    redis.call('SET', list .. ':picks', ARGV[first + 12], 'EX', seconds)
    redis.call('HSET', list .. ':meta', 'base', base or from, 'served', from, 'ranked', from,
        'version', ARGV[first + 4], 'revision', tonumber(revision or '0') + 1,
        'ended', ARGV[first + 5], 'viewer', ARGV[first + 7], 'model', ARGV[first + 8],
        'names', ARGV[first + 10], 'width', ARGV[first + 11])
    redis.call('EXPIRE', list .. ':meta', seconds)
    return 1
end
"""

# Cards are put together by who asks: a fragment, its counts, and what the viewer has to do with it
# (1 liked, 2 following, 4 is its author, added up), because strings are costly here.
# ARGV: key of the login, name, offset, limit, most requests, their seconds, request, seconds to
# keep, generation (only of the lists that visitors share: then there is no login), now; and what
# `extend` is told, where something was just ranked.
PAGE = (
    LIST
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
if ARGV[11] then extend(11) end
local list = list_of(gen, name)
local base, served, stop, has_ended = state_of(list, changes)
if not base then return short(list, uid, hex) end
if offset < base then offset = base end
local at, cards, counts_of, clips, authors, missing = offset, {}, {}, {}, {}, {}
while #cards < limit and at < stop do
    local count = math.min(limit - #cards, stop - at)
    local entries = redis.call('GETRANGE', list, (at - base) * WIDTH,
        (at - base + count) * WIDTH - 1)
    local keys, ids = {}, {}
    for i = 1, count do
        local clip = string.sub(entries, i * WIDTH - 63, i * WIDTH - 32)
        ids[i], keys[2 * i - 1], keys[2 * i] = clip, 'feed:card:' .. clip, 'feed:counts:' .. clip
    end
    local found = redis.call('MGET', unpack(keys))
    for i = 1, count do
        local card, counts = found[2 * i - 1], found[2 * i]
        if not card or (card ~= '' and not counts) then
            missing[#missing + 1] = ids[i]
        elseif card ~= '' and not (is_minor and string.sub(card, 1, 1) == '0')
            and string.sub(card, 2, 9) == string.sub(entries, i * WIDTH - 7, i * WIDTH) then
            cards[#cards + 1], counts_of[#counts_of + 1] = card, counts
            clips[#clips + 1], authors[#authors + 1] =
                ids[i], string.sub(entries, i * WIDTH - 31, i * WIDTH - 16)
        end
    end
    at = at + count
    if #missing > 0 then
        -- All that is ready is prepared with them, so that the next pages lack nothing.
        local rest = redis.call('GETRANGE', list, (at - base) * WIDTH, (stop - base) * WIDTH - 1)
        for start = 1, #rest, WIDTH do
            local clip = string.sub(rest, start, start + 31)
            if redis.call('EXISTS', 'feed:card:' .. clip) == 0 then missing[#missing + 1] = clip end
        end
        return {'missing', unpack(missing)}
    end
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
    note_served(list, served, at, ARGV[7], ARGV[10], ARGV[8])
end
if counted and redis.call('INCR', counted) == 1 then redis.call('EXPIRE', counted, ARGV[6]) end
return {'ok', cards, counts_of, flags, at, (has_ended and at >= stop) and 0 or 1}
"""
)

# ARGV: generation, name, offset, count, seconds to keep, user id, request, now; entries alone.
ENTRIES = (
    LIST
    + """
local offset, count, list = tonumber(ARGV[3]), tonumber(ARGV[4]), list_of(ARGV[1], ARGV[2])
local changes = redis.call('GET', 'feed:dirty:' .. string.gsub(ARGV[6], '-', ''))
local base, served, stop, has_ended = state_of(list, changes)
if not base then return {'short'} end
if offset < base then offset = base end
local at = math.min(offset + count, stop)
if at < offset + count and not has_ended then return {'short'} end
local entries = ''
if at > offset then
    entries = redis.call('GETRANGE', list, (offset - base) * WIDTH, (at - base) * WIDTH - 1)
else
    at = offset
end
if at > served then note_served(list, served, at, ARGV[7], ARGV[8], ARGV[5]) end
return {'ok', at, (has_ended and at >= stop) and 0 or 1, entries}
"""
)

# ARGV: generation, name, user id in hex (empty of a visitor), a generation for who has none.
TAIL = LIST + "return tail_of(list_of(ARGV[1], ARGV[2]), ARGV[3], ARGV[4])"

# ARGV: what `extend` is told.
EXTEND = LIST + "return extend(1)"
