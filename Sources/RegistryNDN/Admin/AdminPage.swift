internal import NDN
internal import NIOCore
internal import NIOHTTP1

/// The page that shows people a program's `ProgramState`. It has no parts elsewhere, and asks nobody but the program, for `/events`.
///
/// What others chose, names of images above all, becomes text of elements and nothing else; the policy has the browser refuse any
/// other way, and any script and style but the page's own.
package enum AdminPage {
    package static let answer = AdminAnswers.text(
        .ok, html,
        [
            "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
        ])

    package static let html =
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>registry-ndn</title>
        <link rel="icon" href="data:,">
        <style>\(style)</style>
        </head>
        <body>
        <header><h1>registry-ndn</h1><p id="link" role="status">connecting</p></header>
        <main id="main"><noscript><p>This page shows what /events tells, by its script. /metrics has it as text.</p></noscript>
        </main>
        <footer id="foot"></footer>
        <script>\(script)</script>
        </body>
        </html>

        """

    private static let policy =
        [
            "default-src 'none'", "script-src '\(source(of: script))'", "style-src '\(source(of: style))'",
            "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'", "trusted-types 'none'",
        ].joined(separator: "; ")

    /// How the policy names an inline script or style: Content Security Policy Level 3, section 2.3.1, hash-source.
    private static func source(of text: String) -> String {
        let base64 = Base64.encode(SHA256.hash(ByteBuffer(string: text)).bytes)
        return "sha256-\(base64.filter { $0 != "\n" })"
    }

    private static let style = #"""

        :root {
          color-scheme: light dark;
          --ground: #f5f6f8; --card: #fff; --text: #1b2330; --quiet: #586375; --line: #dde1e8;
          --ndn: #0a6c95; --registry: #b45f06; --good: #17754a; --warn: #8f5700; --bad: #b3261e;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #10141a; --card: #181e27; --text: #e4e9f0; --quiet: #9aa6b7; --line: #2c3543;
            --ndn: #52b8e2; --registry: #e8a552; --good: #62c992; --warn: #e6b95a; --bad: #ff8f85;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--ground); color: var(--text);
          font: 1rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums;
        }
        header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0 1rem; }
        h1 { font-size: 1.25rem; margin: 0 0 .75rem; }
        h2 { font-size: 1rem; margin: 0 0 .5rem; }
        h2:last-child { margin: 0; }
        p { margin: 0; }
        header p, footer { color: var(--quiet); font-size: .875rem; }
        #link::before { content: '● '; color: var(--good); }
        .stale #link::before { color: var(--bad); }
        main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1rem; }
        section {
          grid-column: 1 / -1; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .875rem 1rem;
        }
        section.half { grid-column: auto; }
        .stale main { opacity: .55; }
        .health { border-left: .375rem solid var(--good); }
        .health.degraded { border-left-color: var(--warn); }
        .health.not_ready { border-left-color: var(--bad); }
        .health p { overflow-wrap: anywhere; }
        .health p + p { margin-top: .25rem; }
        dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem 1.5rem; margin: 0; }
        dt { color: var(--quiet); font-size: .875rem; }
        dd { margin: 0; font-size: 1.375rem; line-height: 1.3; }
        dd small { display: block; font-size: .875rem; color: var(--quiet); }
        table { width: 100%; border-collapse: collapse; }
        th, td {
          text-align: left; vertical-align: top; padding: .375rem 1rem .375rem 0; border-top: 1px solid var(--line);
          font-weight: normal; overflow-wrap: anywhere;
        }
        thead th { border-top: 0; padding-top: 0; color: var(--quiet); font-size: .875rem; white-space: nowrap; }
        tbody tr:last-child > * { padding-bottom: 0; }
        .number { text-align: right; white-space: nowrap; }
        .wide { width: 45%; }
        .tight { width: 1%; white-space: nowrap; }
        th:last-child, td:last-child { padding-right: 0; }
        small { font-size: .875rem; color: var(--quiet); }
        th small, td small { display: block; }
        .quiet { color: var(--quiet); }
        .ndn { color: var(--ndn); } .registry { color: var(--registry); }
        .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
        progress {
          display: block; appearance: none; width: 100%; min-width: 8rem; height: .5rem; margin: .5rem 0 .125rem; border: 0;
          border-radius: .25rem; background: var(--line); overflow: hidden; color: var(--ndn);
        }
        progress::-webkit-progress-bar { background: var(--line); }
        progress::-webkit-progress-value { background: currentColor; }
        progress::-moz-progress-bar { background: currentColor; }
        progress:indeterminate { background: repeating-linear-gradient(90deg, currentColor 0 .5rem, var(--line) .5rem 1rem); }
        progress:indeterminate::-webkit-progress-bar { background: transparent; }
        progress.registry { color: var(--registry); }
        svg { display: block; width: 100%; height: 7rem; margin-top: .25rem; border-bottom: 1px solid var(--line); }
        rect.ndn { fill: var(--ndn); } rect.registry { fill: var(--registry); }
        .legend { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; color: var(--quiet); font-size: .875rem; }
        footer { margin-top: 1rem; }
        @media (max-width: 50rem) { section.half { grid-column: 1 / -1; } }
        @media (max-width: 40rem) {
          body { padding: .75rem; }
          main { gap: .75rem; }
          section { padding: .75rem; }
          thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          table, tbody, tr, tbody th, td { display: block; width: auto; padding: 0; border: 0; }
          tbody tr { padding: .5rem 0; }
          tbody tr:first-child { padding-top: 0; }
          tbody tr:last-child { padding-bottom: 0; }
          tr + tr { border-top: 1px solid var(--line); }
          td.number, td.pair { display: grid; grid-template-columns: auto 1fr; gap: 0 1rem; text-align: right; white-space: normal; }
          td.number::before, td.pair::before { content: attr(data-head); color: var(--quiet); }
          td.number > *, td.pair > * { grid-column: 2; }
          .wide, .tight { width: auto; }
          td:empty { display: none; }
        }

        """#

    private static let script = #"""

        "use strict";
        const byId = id => document.getElementById(id);
        const main = byId("main");

        // Numbers for people.
        function size(octets) {
          const units = ["B", "kB", "MB", "GB", "TB"];
          let unit = 0;
          while (octets >= 999.95 && unit < units.length - 1) { octets /= 1000; unit += 1; }
          return (unit ? octets.toFixed(1) : Math.round(octets)) + " " + units[unit];
        }
        function duration(seconds) {
          if (seconds < 0.01) return (seconds * 1000).toFixed(1) + " ms";
          if (seconds < 1) return Math.round(seconds * 1000) + " ms";
          if (seconds < 60) return seconds.toFixed(1) + " s";
          if (seconds < 3600) return Math.floor(seconds / 60) + " min " + Math.floor(seconds % 60) + " s";
          if (seconds < 172800) return Math.floor(seconds / 3600) + " h " + Math.floor(seconds / 60 % 60) + " min";
          return Math.floor(seconds / 86400) + " days";
        }
        const whole = number => Math.round(number).toLocaleString("en");
        const count = (number, noun) => `${whole(number)} ${noun}${number === 1 ? "" : "s"}`;
        // Neither all nor nothing unless it is.
        function share(part, all) {
          if (!all) return "–";
          const percent = 100 * part / all;
          if (part && percent < 1) return "< 1 %";
          return part < all && percent > 99 ? "> 99 %" : Math.round(percent) + " %";
        }
        const clock = seconds => new Date(seconds * 1000).toLocaleTimeString([], {hour12: false});
        const sum = list => list.reduce((all, one) => all + one, 0);

        // Elements are made once and changed in place: what is selected or read aloud stays where it is.
        function put(element, text, kind) {
          if (element.textContent !== text) element.textContent = text;
          if (kind !== undefined && element.className !== kind) element.className = kind;
        }
        function child(parent, tag, index) {
          if (parent.children[index]?.localName === tag) return parent.children[index];
          trim(parent, index);
          return parent.appendChild(document.createElement(tag));
        }
        function trim(parent, length) {
          while (parent.children.length > length) parent.lastElementChild.remove();
        }
        function section(id, title, kind) {
          let made = byId(id);
          if (!made) {
            made = document.createElement("section");
            made.id = id;
            made.className = kind || "";
            const head = child(made, "h2", 0);
            head.id = id + "-head";
            head.textContent = title;
            made.setAttribute("aria-labelledby", head.id);
            main.append(made);
          }
          return made;
        }
        // Several [name, value, note].
        function figures(id, title, list) {
          const box = child(section(id, title), "dl", 1);
          list.forEach(([name, value, note], index) => {
            const one = child(box, "div", index);
            put(child(one, "dt", 0), name);
            const told = child(one, "dd", 1);
            put(child(told, "span", 0), value);
            put(child(told, "small", 1), note || "");
          });
          trim(box, list.length);
        }
        // A cell is a text, or has text, note, kind ("number", "pair", "ndn" …), and bar: {value, of, kind}.
        function fill(cell, what, head) {
          const {text, note, kind, bar} = typeof what === "string" ? {text: what} : what;
          const place = kind || (cell.tagName === "TH" ? "" : "pair");
          if (cell.className !== place) cell.className = place;
          cell.dataset.head = head;
          let next = 0;
          if (text) put(child(cell, "span", next++), text, what.color || "");
          if (bar) {
            const made = child(cell, "progress", next++);
            if (bar.of) { made.max = bar.of; made.value = bar.value; } else made.removeAttribute("value");
            made.className = bar.kind;
            made.setAttribute("aria-label", bar.label);
          }
          if (note) put(child(cell, "small", next++), note);
          trim(cell, next);
        }
        function table(id, title, heads, rows, none, kind) {
          const box = section(id, title, kind);
          let made = box.querySelector("table");
          if (!made) {
            child(box, "p", 1).className = "quiet";
            made = child(box, "table", 2);
            // Rows that are blocks on a narrow screen are rows all the same for those who hear them.
            made.setAttribute("role", "table");
            made.setAttribute("aria-labelledby", id + "-head");
            const row = made.createTHead().insertRow();
            row.setAttribute("role", "row");
            heads.forEach((head, index) => {
              const cell = child(row, "th", index);
              cell.scope = "col";
              cell.setAttribute("role", "columnheader");
              cell.textContent = head.replace("#", "");
              if (head.startsWith("#")) cell.className = "number";
            });
            made.createTBody().setAttribute("role", "rowgroup");
          }
          put(box.children[1], rows.length ? "" : none);
          made.hidden = !rows.length;
          const body = made.tBodies[0];
          rows.forEach((cells, index) => {
            const row = child(body, "tr", index);
            row.setAttribute("role", "row");
            cells.forEach((what, column) => {
              const cell = child(row, column ? "td" : "th", column);
              cell.setAttribute("role", column ? "cell" : "rowheader");
              fill(cell, what, heads[column].replace("#", ""));
            });
          });
          trim(body, rows.length);
        }
        const number = (text, color) => ({text, color, kind: "number"});
        function chart(id, title, hour) {
          const box = section(id, title, "half");
          const length = hour.ndn_bytes.length;
          let made = box.querySelector("svg");
          if (!made) {
            made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
            made.setAttribute("viewBox", `0 0 ${length * 10} 100`);
            made.setAttribute("preserveAspectRatio", "none");
            made.setAttribute("role", "img");
            for (let index = 0; index < 2 * length; index += 1) {
              const bar = made.appendChild(document.createElementNS(made.namespaceURI, "rect"));
              bar.setAttribute("class", index < length ? "ndn" : "registry");
              bar.setAttribute("x", index % length * 10 + 1);
              bar.setAttribute("width", 8);
            }
            box.append(made);
            for (let line = 0; line < 2; line += 1) box.appendChild(document.createElement("p")).className = "legend";
          }
          const totals = hour.ndn_bytes.map((octets, index) => octets + hour.upstream_bytes[index]);
          const most = Math.max(...totals, 1);
          for (let index = 0; index < length; index += 1) {
            // From the bottom: NDN, and on it the registry.
            const heights = [hour.ndn_bytes[index], hour.upstream_bytes[index]].map(octets => 98 * octets / most);
            let top = 100;
            heights.forEach((height, layer) => {
              top -= height;
              const bar = made.children[layer * length + index];
              bar.setAttribute("y", top);
              bar.setAttribute("height", height);
            });
          }
          const [ndn, registry] = [sum(hour.ndn_bytes), sum(hour.upstream_bytes)];
          const words = `NDN ${size(ndn)}, ${share(ndn, ndn + registry)}; registry ${size(registry)}`;
          made.setAttribute("aria-label", `Bytes a minute in the last hour: ${words}`);
          const legend = (line, list) => list.forEach(([text, color], index) => put(child(line, "span", index), text, color));
          legend(box.children[2], [["60 min ago", ""], [`most: ${size(Math.max(...totals))} a minute`, ""], ["now", ""]]);
          legend(box.children[3], [[`■ NDN ${size(ndn)}`, "ndn"], [`■ registry ${size(registry)}`, "registry"]]);
        }
        function health(state, good) {
          const box = section("health", "", "health");
          const {state: level, summary, reason, remedy} = state.health;
          box.className = "health " + level;
          box.setAttribute("role", "status");
          put(box.children[0], summary || {ready: good, degraded: "Degraded"}[level] || "Not ready");
          [reason, remedy && "What to do: " + remedy + "."].filter(Boolean)
            .forEach((text, index, list) => { put(child(box, "p", index + 1), text); trim(box, list.length + 1); });
          if (!reason) trim(box, 1);
        }

        // Rates are differences between two states.
        let before;
        const rates = new Map();
        function rate(state, key, value, average) {
          const seen = rates.get(key);
          let now = average || 0;
          if (seen && state.now > seen.time) {
            now = Math.max(0, value - seen.value) / (state.now - seen.time);
            now = seen.isFirst ? now : (now + seen.rate) / 2;
          }
          rates.set(key, {time: state.now, value, rate: now, isFirst: !seen});
          return now;
        }
        function forget(state) {
          for (const [key, seen] of rates) if (seen.time !== state.now) rates.delete(key);
        }

        const short = digest => digest.replace("sha256:", "").slice(0, 12);
        function origin(pull) {
          if (pull.status >= 400) return [`failed, ${pull.status}`, "bad"];
          if (pull.ndn_bytes && pull.upstream_bytes) return ["NDN and registry", "ndn"];
          if (pull.ndn_bytes) return ["NDN", "ndn"];
          return pull.upstream_bytes ? ["registry", "registry"] : ["waiting", "quiet"];
        }
        function pulls(state) {
          const client = state.client;
          let all = 0;
          const rows = client.pulls.map(pull => {
            const bytes = pull.ndn_bytes + pull.upstream_bytes;
            const now = rate(state, pull.id, bytes, bytes / Math.max(pull.seconds, 0.001));
            all += now;
            const [from, color] = origin(pull);
            const left = pull.size && now ? duration((pull.size - bytes) / now) + " left" : "";
            const label = pull.repository + " " + short(pull.digest);
            return [
              {text: pull.repository, note: short(pull.digest)},
              {text: from, color},
              {kind: "wide", bar: {value: bytes, of: pull.size, kind: color, label},
                note: size(bytes) + (pull.size ? ` of ${size(pull.size)}, ${share(bytes, pull.size)}` : "")},
              {text: size(now) + "/s", note: left, kind: "number"},
            ];
          });
          const more = client.pull_count - client.pulls.length;
          if (more > 0) rows.push([`and ${more} more`, "", "", ""]);
          return {rows, all};
        }
        const views = {
          client(state) {
            const client = state.client;
            const [ndn, registry] = [sum(client.hour.ndn_bytes), sum(client.hour.upstream_bytes)];
            const {rows, all} = pulls(state);
            health(state, ndn || client.registries.some(one => one.ndn_bytes) ? "Blobs come over NDN" : "Ready; no blob has been pulled yet");
            figures("figures", "Now, and in the last hour", [
              ["Now", size(all) + "/s", `${count(client.pull_count, "blob")}, ${count(client.requests, "request")}`],
              ["Over NDN", size(ndn), share(ndn, ndn + registry) + " of the last hour"],
              ["From the registry", size(registry), share(registry, ndn + registry) + " of the last hour"],
            ]);
            table("pulls", "Pulls in progress", ["Blob", "From", "Progress", "#Rate"], rows, "Nothing is being pulled.");
            chart("hour", "Where bytes came from", client.hour);
            table("routers", "Routers", ["Router", "State", "#Round trip"], client.routers.map(router => [
              {text: router.uri, note: router.trouble},
              router.is_up ? {text: router.is_used ? "in use" : "spare", color: router.is_used ? "good" : "", kind: "pair tight"}
                : {text: "not reached", color: "bad", kind: "pair tight"},
              number(router.round_trip_seconds === undefined ? "–" : duration(router.round_trip_seconds))]),
              "No router is known.", "half");
            table("registries", "Registries", ["Prefix", "NDN path", "#Round trip", "#Over NDN", "#From the registry", "#Without NDN"],
              client.registries.map(one => [
                {text: one.prefix, note: one.url}, {text: one.standing, color: one.is_up ? "good" : "bad"},
                number(one.round_trip_seconds === undefined ? "–" : duration(one.round_trip_seconds)),
                number(size(one.ndn_bytes)), number(size(one.upstream_bytes)),
                number(`${whole(one.fallbacks)} of ${whole(one.requests)}`)]), "None.");
            table("recent", "Last pulls", ["Blob", "From", "#Bytes", "#Time"], client.recent.map(pull => {
              const [from, color] = origin(pull);
              const bytes = pull.ndn_bytes + pull.upstream_bytes;
              const why = [pull.failure, pull.fallback].filter(Boolean).join("; ");
              return [{text: pull.repository, note: short(pull.digest)},
                {text: bytes || pull.status >= 400 ? from : "nothing", color: pull.failure ? "bad" : color, note: why}, number(size(bytes)),
                {text: duration(pull.seconds), note: size(bytes / Math.max(pull.seconds, 0.001)) + "/s", kind: "number"}];
            }), "None yet.");
          },
          server(state) {
            const server = state.server;
            health(state, "Serving");
            figures("figures", "Interests and the cache", [
              ["Interests", whole(rate(state, "interests", server.interests)) + "/s", whole(server.interests) + " so far"],
              ["Data", whole(rate(state, "data", server.data)) + "/s", whole(server.data) + " so far"],
              ["From the cache", share(server.cache_hits, server.interests), whole(server.cache_hits) + " segments"],
              ["Read at the registry", size(rate(state, "read", server.registry_bytes)) + "/s",
                `${size(server.registry_bytes)} in ${count(server.registry_reads, "read")}, ${whole(server.registry_failures)} failed`],
              ["Waiting", whole(server.waiting_interests), "Interests without their Data yet"],
              ["Refused", whole(server.limited), `Interests over limits; ${count(server.shed, "read")} given up`],
            ]);
            table("fill", "Memory", ["What", "In use"], [["Cache", {kind: "wide", bar: {value: server.cache_bytes,
              of: server.cache_capacity_bytes, kind: "ndn", label: "Cache"},
              note: `${size(server.cache_bytes)} of ${size(server.cache_capacity_bytes)}; ${count(server.evictions, "range")} made room`}]],
              "", "half");
            table("prefixes", "Prefixes", ["Prefix", "State"], server.prefixes.map(prefix => [
              {text: prefix.name, note: "from " + server.origin},
              prefix.is_registered === undefined ? "needs no registration"
                : prefix.is_registered ? {text: "registered", color: "good"} : {text: "not registered", color: "bad"}]), "None.", "half");
            const ways = server.listeners.map(uri => [uri, {text: "listens", color: "good"}]);
            if (server.uplink) ways.push([{text: server.uplink.uri, note: server.uplink.trouble},
              server.uplink.is_up ? {text: "uplink", color: "good"} : {text: "uplink, not reached", color: "bad"}]);
            table("ways", `Where it is asked`, ["Address", "State"], ways, "Nowhere.");
          },
          forwarder(state) {
            const one = state.forwarder;
            health(state, "Forwarding");
            figures("figures", "Packets", [
              ["Interests", whole(rate(state, "interests", one.interests)) + "/s", whole(one.interests) + " so far"],
              ["Data", whole(rate(state, "data", one.data)) + "/s", whole(one.data) + " so far"],
              ["From the content store", share(one.cs_hits, one.cs_hits + one.cs_misses), whole(one.cs_hits) + " Interests"],
              ["Without Data", whole(one.unsatisfied), `Interests; ${count(one.nacks, "Nack")}, ${count(one.drops, "packet")} dropped`],
            ]);
            table("fill", "Tables", ["What", "In use"], [
              ["Content store", {kind: "wide", bar: {value: one.cs_bytes, of: one.cs_capacity_bytes, kind: "ndn", label: "Content store"},
                note: `${size(one.cs_bytes)} of ${size(one.cs_capacity_bytes)}, ${whole(one.cs_packets)} packets`}],
              ["Pending Interests (PIT)", {kind: "wide", bar: {value: one.pit_entries, of: one.pit_capacity_entries, kind: "ndn",
                label: "Pending Interests"}, note: `${whole(one.pit_entries)} of ${whole(one.pit_capacity_entries)}`}]], "", "half");
            const more = (all, shown) => all > shown ? ` (${shown} of ${all})` : "";
            const places = new Map(one.faces.map(face => [face.id, face.uri + (face.health ? ` (${face.health})` : "")]));
            table("routes", "Routes (FIB)", ["Prefix", "Leads to"], one.routes.map(route => [route.prefix,
              route.faces.map(face => places.get(face) || "face " + face).join(", ")]), "No prefix has a route.", "half");
            put(byId("routes-head"), "Routes (FIB)" + more(one.route_count, one.routes.length));
            table("faces", "Faces", ["Face", "#Interests in", "#Data in", "#Received", "#Interests out", "#Data out", "#Sent"],
              one.faces.map(face => {
                const [received, sent] = ["in", "out"].map(way => rate(state, face.id + way, face[way + "_bytes"]));
                return [{text: face.uri, note: "face " + face.id}, number(whole(face.in_interests)), number(whole(face.in_data)),
                  {text: size(face.in_bytes), note: size(received) + "/s", kind: "number"},
                  number(whole(face.out_interests)), number(whole(face.out_data)),
                  {text: size(face.out_bytes), note: size(sent) + "/s", kind: "number"}];
              }), "Nobody is connected.");
            put(byId("faces-head"), "Faces" + more(one.face_count, one.faces.length));
          },
        };

        function show(state) {
          document.title = "registry-ndn " + state.program;
          put(document.querySelector("h1"), document.title);
          views[state.program](state);
          table("problems", "Warnings and errors", ["Time", "What"], [...state.problems].reverse().map(one => [
            {text: clock(one.time), note: one.level, kind: "tight"}, {text: one.text, kind: "wide"}]), "None.");
          put(byId("foot"), `Version ${state.version} (${state.commit}), running for ${duration(state.now - state.started)}; `
            + `memory ${size(state.process.memory_bytes || 0)}, processor ${duration(state.process.cpu_seconds)}, `
            + `${state.process.open_files} files and sockets`);
          forget(state);
        }

        let source, again;
        function link(text, isLive) {
          put(byId("link"), text);
          document.body.className = isLive ? "" : "stale";
        }
        function close() {
          clearTimeout(again);
          if (source) source.close();
        }
        function open() {
          close();
          source = new EventSource("events");
          source.onmessage = event => { show(JSON.parse(event.data)); link("live", true); };
          source.onerror = () => {
            link("no answer; asking again", false);
            // The browser asks again by itself, but not after a refusal.
            if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 5000);
          };
        }
        // Nobody works for a page that nobody sees.
        document.addEventListener("visibilitychange", () => document.hidden ? close() : open());
        open();

        """#
}
