-- One fix per request, each for the next driver; ours is the only thread.
-- $WRK_CREWS holds a line "trip_id token" per driver.
local heads, number, base, count = {}, 0, tonumber(os.getenv("WRK_BASE_S")), 0
local more = "Content-Type: application/json\r\nContent-Length: 128\r\n\r\n"
local body = '{"latitude":%.6f,"longitude":%.6f,"recorded_at":%.6f,"speed":12.5,"heading":%.3f,"accuracy":5.0}'
local step = tonumber(os.getenv("WRK_STEP_S"))

function init()
  for line in io.lines(os.getenv("WRK_CREWS")) do
    local trip, token = line:match("(%d+) (%S+)")
    count = count + 1
    heads[count] = "POST /api/trips/" .. trip .. "/gps/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
      .. "Authorization: Token " .. token .. "\r\n" .. more
  end
end

function request()
  number = number + 1
  local crew = number % count + 1
  local text = body:format(57.6 + crew * 0.001, 11.8 + number % 1000 * 0.000001,
    base + number * step, number % 360000 / 1000)
  return heads[crew] .. text .. (" "):rep(128 - #text)
end

function done(summary, latency)
  io.write(string.format('JSON {"requests":%d,"bad":%d,"broken":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
