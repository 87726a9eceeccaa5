// The pictures of a recording: bars of busy and idle, and one page with everything.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "chart/figure.h"
#include "chart/svg.h"
#include "cli/trace_report.h"
#include "trace/analysis.h"
#include "trace/fields.h"
#include "trace/file_reader.h"

namespace wasmax::cli {
namespace {

constexpr std::size_t kMaxBars = 20;

/// The founding graph: mean time per call, on the CPU and blocked.
chart::BarChart calls_chart(const ReportInput& input) {
    chart::BarChart chart;
    chart.title = "Mean time per " + input.key_title;
    chart.unit = " µs";
    chart.decimals = 2;
    chart.series = {"busy: wasmax", "busy: kernel", "idle: blocked"};
    for (const trace::Row& row : input.analysis.rows) {
        if (chart.bars.size() == kMaxBars) {
            break;
        }
        const double per_call_us = 1e-3 / static_cast<double>(row.calls);
        chart::Bar bar;
        bar.label = row.key;
        bar.note = fmt::format("{} calls", row.calls);
        bar.parts = {row.glue_ns * per_call_us, row.kernel_ns * per_call_us,
                     row.idle_ns * per_call_us};
        bar.tip = fmt::format("{}: wasmax {:.2f} µs, kernel {:.2f} µs, blocked {:.2f} µs", row.key,
                              bar.parts[0], bar.parts[1], bar.parts[2]);
        chart.bars.push_back(std::move(bar));
    }
    return chart;
}

chart::BarChart ledger_chart(const trace::Analysis& analysis) {
    chart::BarChart chart;
    chart.title = "Where the time went";
    chart.unit = " ms";
    chart.decimals = 1;
    // The first three as in calls_chart(): the same colours.
    chart.series = {"wasmax", "kernel", "blocked", "guest", "tracer"};
    for (const trace::TimeLedger& ledger : analysis.ledgers) {
        if (chart.bars.size() == kMaxBars) {
            break;
        }
        chart::Bar bar;
        bar.label = ledger.name;
        bar.note = fmt::format("{} calls", ledger.calls);
        for (const double ns :
             {ledger.glue, ledger.kernel, ledger.blocked, ledger.guest, ledger.tracer}) {
            bar.parts.push_back(std::max(0.0, ns / 1e6));
        }
        chart.bars.push_back(std::move(bar));
    }
    return chart;
}

chart::Figure figure_of(const ReportInput& input) {
    const trace::Analysis& analysis = input.analysis;
    chart::Figure figure;
    figure.title = "System calls: busy and idle";
    figure.subtitle = fmt::format("{} calls in {:.3f} s", analysis.calls, analysis.seconds);
    figure.charts = {calls_chart(input), ledger_chart(analysis)};
    figure.footer = {
        input.file.recording().command, analysis.window,
        "Busy is time on the CPU, idle is time blocked; bars are means over all calls.",
        fmt::format("What recording costs ({:.0f} ns per call) is subtracted.",
                    analysis.cost_ns.guest + analysis.cost_ns.glue + analysis.cost_ns.kernel)};
    return figure;
}

/// How often which latency occurred, in steps of half a power of two of nanoseconds.
chart::BarChart histogram(const trace::Analysis& analysis, const trace::Row& row) {
    chart::BarChart chart;
    chart.title = "Share of calls by latency";
    chart.unit = " %";
    chart.decimals = 1;
    std::vector<std::pair<double, std::uint64_t>> steps;
    double limit = 125;
    constexpr double kStep = 2;
    std::uint64_t count = 0;
    for (const auto& [start, found] : row.latencies.buckets()) {
        const double ns = static_cast<double>(start) * analysis.ns_per_tick;
        while (ns >= limit) {
            steps.emplace_back(limit, std::exchange(count, 0));
            limit *= kStep;
        }
        count += found;
    }
    steps.emplace_back(limit, count);
    bool started = false;
    for (const auto& [upper, found] : steps) {
        started = started || found != 0;
        if (!started) {
            continue;
        }
        chart::Bar bar;
        bar.label = upper < 1e3   ? fmt::format("below {:.0f} ns", upper)
                    : upper < 1e6 ? fmt::format("below {:.4g} µs", upper / 1e3)
                                  : fmt::format("below {:.4g} ms", upper / 1e6);
        bar.parts = {100 * static_cast<double>(found) / static_cast<double>(row.calls)};
        bar.tip = fmt::format("{}: {} calls", bar.label, found);
        chart.bars.push_back(std::move(bar));
    }
    return chart;
}

/// The first calls of the window, for the page's timeline: thread, call, begin and duration in
/// microseconds, the share of it on the CPU, error.
std::string timeline_json(const ReportInput& input) {
    constexpr std::size_t kMaxEvents = 20'000;
    auto events = nlohmann::json::array();
    std::size_t count = 0;
    input.file.visit([&](const trace::Record& record) {
        if (record.begin < input.analysis.begin || count == kMaxEvents) {
            return;
        }
        ++count;
        const double scale = input.analysis.ns_per_tick / 1e3;
        const auto us = [&](trace::Ticks ticks) {
            return static_cast<double>(
                       static_cast<std::int64_t>(static_cast<double>(ticks) * scale * 100)) /
                   100;
        };
        events.push_back({record.thread, record.call, us(record.begin - input.analysis.begin),
                          us(record.total), us(record.busy()), record.error});
    });
    auto names = nlohmann::json::array();
    for (const auto& call : input.file.schema().calls) {
        names.push_back(call.name);
    }
    auto errors = nlohmann::json::object();
    for (const auto& [error, name] : input.file.schema().errors) {
        errors[std::to_string(error)] = name;
    }
    const nlohmann::json all{{"events", events}, {"calls", names}, {"errors", errors}};
    std::string text = all.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) {
        text.replace(at, 2, "<\\/");
    }
    return text;
}

constexpr const char* kStyle = R"(
:root{color-scheme:light}
body{font:15px/1.5 system-ui,'DejaVu Sans',sans-serif;color:#1a1a1a;background:#fff;margin:2em auto;max-width:900px;padding:0 1em}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px;width:100%}
th,td{padding:.25em .5em;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child,th:last-child,td:last-child{text-align:left}
details summary{cursor:pointer;font-weight:600;margin:.5em 0}
canvas{width:100%;height:320px;border:1px solid #bbb;touch-action:none;cursor:grab}
#tip{min-height:1.5em;font-size:13px;color:#444}
.scroll{overflow-x:auto}
button{font:inherit;margin-right:.5em}
@media print{
button,.hint{display:none}
body{margin:0;max-width:none}
.scroll{overflow:visible}
svg{max-width:100%;height:auto}
svg,canvas,tr{break-inside:avoid}
h2,summary{break-after:avoid}
svg,canvas{print-color-adjust:exact}
}
)";

// Draws the calls of each thread; a wheel zooms around the pointer, dragging moves.
constexpr const char* kScript = R"(
const data=JSON.parse(document.getElementById('data').textContent);
const canvas=document.getElementById('timeline'),tip=document.getElementById('tip');
const palette=['#0072b2','#e69f00','#009e73','#d55e00','#cc79a7','#56b4e9','#7d7d7d'];
const used=[...new Set(data.events.map(e=>e[1]))];
const threads=[...new Set(data.events.map(e=>e[0]))].sort((a,b)=>a-b);
const end=data.events.reduce((m,e)=>Math.max(m,e[2]+e[3]),1);
let from=0,to=Math.min(end,1000);
function draw(){
 const ratio=window.devicePixelRatio||1,w=canvas.clientWidth,h=canvas.clientHeight;
 canvas.width=w*ratio;canvas.height=h*ratio;
 const g=canvas.getContext('2d');g.scale(ratio,ratio);g.clearRect(0,0,w,h);
 const top=18,row=Math.min(70,(h-top-22)/threads.length),x=t=>(t-from)/(to-from)*w;
 g.font='11px system-ui,sans-serif';
 for(const e of data.events){
  const x0=x(e[2]),x1=x(e[2]+e[3]);if(x1<0||x0>w)continue;
  const y=top+threads.indexOf(e[0])*row,c=palette[used.indexOf(e[1])%palette.length];
  g.fillStyle=c;g.globalAlpha=.3;g.fillRect(x0,y+4,Math.max(x1-x0,.5),row-8);
  g.globalAlpha=1;g.fillRect(x0,y+4,Math.max((x1-x0)*(e[3]>0?e[4]/e[3]:1),.5),row-8);
  if(e[5]){g.strokeStyle='#000';g.strokeRect(x0,y+4,Math.max(x1-x0,1),row-8);}
  if(x1-x0>60){g.fillStyle='#000';g.fillText(data.calls[e[1]],Math.max(x0,0)+3,y+row-12,x1-Math.max(x0,0)-6);}
 }
 g.fillStyle='#444';
 for(let i=0;i<=4;i++){const t=from+(to-from)*i/4;g.textAlign=i==0?'left':i==4?'right':'center';g.fillText(t.toFixed(to-from<50?2:0)+' µs',w*i/4,h-6);}
 g.textAlign='left';threads.forEach((t,i)=>g.fillText('thread #'+t,2,top+i*row+2));
}
function zoom(f,at){const c=from+(to-from)*at,s=Math.max(1,Math.min(end,(to-from)*f));from=Math.max(0,Math.min(end-s,c-s*at));to=from+s;draw();}
canvas.addEventListener('wheel',e=>{e.preventDefault();zoom(e.deltaY>0?1.25:.8,e.offsetX/canvas.clientWidth);},{passive:false});
let drag=null;
canvas.addEventListener('pointerdown',e=>{drag=[e.offsetX,from,to];canvas.setPointerCapture(e.pointerId);});
canvas.addEventListener('pointerup',()=>drag=null);
canvas.addEventListener('pointermove',e=>{
 if(drag){const d=(drag[0]-e.offsetX)/canvas.clientWidth*(drag[2]-drag[1]);const s=drag[2]-drag[1];from=Math.max(0,Math.min(Math.max(0,end-s),drag[1]+d));to=from+s;draw();return;}
 const t=from+(to-from)*e.offsetX/canvas.clientWidth;
 const hit=data.events.find(v=>v[2]<=t&&t<=v[2]+v[3]);
 tip.textContent=hit?data.calls[hit[1]]+' at '+hit[2]+' µs: '+hit[3]+' µs, of which '+hit[4]+' µs on the CPU'+(hit[5]?', error '+(data.errors[hit[5]]||hit[5]):''):'';
});
document.getElementById('in').onclick=()=>zoom(.5,.5);
document.getElementById('out').onclick=()=>zoom(2,.5);
document.getElementById('all').onclick=()=>{from=0;to=end;draw();};
document.getElementById('legend').innerHTML=used.map((c,i)=>'<span style="color:'+palette[i%palette.length]+'">&#9632;</span> '+data.calls[c]).join(' &nbsp; ');
addEventListener('resize',draw);draw();
)";

std::string html_table(const ReportInput& input) {
    const trace::Analysis& analysis = input.analysis;
    std::string text = fmt::format(
        "<table><tr><th>{}</th><th>calls</th><th>total ms</th><th>busy ms</th><th>idle ms</th>"
        "<th>mean µs</th><th>p50 µs</th><th>p99 µs</th><th>max µs</th><th>errors</th></tr>\n",
        input.key_title);
    for (const trace::Row& row : analysis.rows) {
        const auto us = [&](double share) {
            return row.latencies.quantile(share) * analysis.ns_per_tick / 1e3;
        };
        text += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td>"
            "<td>{:.2f}</td><td>{:.2f}</td><td>{:.1f}</td><td>{}</td></tr>\n",
            chart::escape_markup(row.key), row.calls, row.total_ns / 1e6, row.busy_ns / 1e6,
            row.idle_ns / 1e6, row.mean_ns() / 1e3, us(0.5), us(0.99), row.longest_ns / 1e3,
            chart::escape_markup(errors_text(input.file, row)));
    }
    return text + "</table>\n";
}

std::string html_ledger(const trace::Analysis& analysis) {
    std::string text =
        "<table><tr><th>ms</th><th>wall</th><th>guest</th><th>wasmax</th><th>kernel</th>"
        "<th>blocked</th><th>tracer</th><th>error</th></tr>\n";
    for (const trace::TimeLedger& ledger : analysis.ledgers) {
        text += fmt::format(
            "<tr><td>{}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}"
            "</td><td>{:.2f}</td><td>{:.2f}</td><td>{:+.2f} %</td></tr>\n",
            chart::escape_markup(ledger.name), ledger.wall / 1e6, ledger.guest / 1e6,
            ledger.glue / 1e6, ledger.kernel / 1e6, ledger.blocked / 1e6, ledger.tracer / 1e6,
            100 * ledger.error());
    }
    text += "</table>\n";
    if (analysis.comparison) {
        text += fmt::format(
            "<p>On the CPU, all of the recording: ledger {:.2f} ms, /proc schedstat "
            "{:.2f} ms, process CPU clock {:.2f} ms.</p>\n",
            analysis.comparison->ledger_busy / 1e6, analysis.comparison->schedstat_busy / 1e6,
            analysis.comparison->process_cpu / 1e6);
    }
    return text;
}

}  // namespace

std::string svg_report(const ReportInput& input) { return chart::to_svg(figure_of(input)); }

std::string html_report(const ReportInput& input) {
    const trace::Analysis& analysis = input.analysis;
    const std::string command = chart::escape_markup(input.file.recording().command);
    std::string page = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>Trace of {0}</title>"
        "<style>{1}{2}</style></head><body>\n<h1>Trace of {0}</h1>\n<p>{3} calls in {4:.3f} s, {5}."
        "</p>\n",
        command, kStyle, chart::svg_rules(chart::Theme::light), analysis.calls, analysis.seconds,
        chart::escape_markup(analysis.window));
    for (const std::string& note : analysis.notes) {
        page += "<p><strong>Note:</strong> " + chart::escape_markup(note) + "</p>\n";
    }
    page += "<h2>Where the time went</h2>\n<div class=\"scroll\">" + html_ledger(analysis) +
            "</div>\n<h2>Busy and idle</h2>\n<div class=\"scroll\">" +
            chart::to_svg(figure_of(input), chart::Place::page, "calls") + "</div>\n<h2>By " +
            input.key_title + "</h2>\n<div class=\"scroll\">" + html_table(input) + "</div>\n";
    page +=
        "<h2>Timeline</h2>\n<p class=\"hint\">The first calls of the window. The full part of a "
        "bar was on the CPU, the pale part blocked; a frame marks an error. Wheel to zoom, drag "
        "to move.</p>\n<p><button id=\"in\">Zoom in</button><button id=\"out\">Zoom out</button>"
        "<button id=\"all\">All</button></p>\n<canvas id=\"timeline\" role=\"img\" "
        "aria-label=\"Calls over time\"></canvas>\n<p id=\"tip\"></p>\n<p id=\"legend\"></p>\n"
        "<h2>Latencies</h2>\n";
    std::size_t number = 0;
    for (const trace::Row& row : analysis.rows) {
        if (number == kMaxBars) {
            break;
        }
        chart::Figure figure;
        figure.title = fmt::format("{}: how long it took", row.key);
        figure.charts = {histogram(analysis, row)};
        page += fmt::format(
            "<details{}><summary>{}</summary><div class=\"scroll\">{}</div>"
            "</details>\n",
            number < 4 ? " open" : "", chart::escape_markup(row.key),
            chart::to_svg(figure, chart::Place::page, fmt::format("latency{}", number)));
        ++number;
    }
    page += "<script type=\"application/json\" id=\"data\">" + timeline_json(input) +
            "</script>\n<script>" + kScript + "</script>\n</body></html>\n";
    return page;
}

}  // namespace wasmax::cli
