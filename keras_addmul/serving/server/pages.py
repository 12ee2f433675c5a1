"""The two pages of the server. They load nothing from elsewhere."""

__all__ = ["DESCRIPTION", "FRONT"]

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>keras_addmul</title>
<link rel="icon" href="data:,">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff }
section { border: 1px solid #bbb; border-radius: 6px; padding: 0 1rem 1rem; margin: 1rem 0 }
code, output, pre { font-family: ui-monospace, monospace; white-space: pre-wrap }
label { display: block; margin: .4rem 0 } label span { color: #555 }
input, button { font: inherit; padding: .2rem .4rem }
output { display: block; margin-top: .6rem } .outside { color: #a40 }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #181818 } label span { color: #aaa } .outside { color: #fa6 } }
</style>
<script>
let token = ""
async function ask(path, options = {}) {
  if (token) options.headers = { ...options.headers, Authorization: "Bearer " + token }
  const answer = await fetch(path, options)
  if (answer.status === 401 && (token = prompt("Token") ?? "")) return ask(path, options)
  return answer
}
function make(kind, text, parent) {
  const element = document.createElement(kind)
  element.textContent = text
  parent?.append(element)
  return element
}
</script>
"""

FRONT: str = (
    _HEAD
    + """
<h1>Models</h1>
<p><a href="docs">All addresses</a> · <a href="metrics">figures for Prometheus</a></p>
<main>Loading</main>
<script>
function rangeOf(about, i) {
  const range = about.ranges?.[i]
  return range ? `seen in training: ${range[0]} to ${range[1]}` : ""
}
function show(model, main) {
  const box = make("section", "", main)
  make("h2", model.name, box)
  if (model.formula) make("code", model.formula, make("p", "", box))
  const signature = kind => Object.entries(model[kind]).map(([name, one]) =>
    `${name}: ${one.dtype} (${one.shape.map(n => n ?? "any").join(", ")})`).join("; ")
  make("p", `Takes ${signature("inputs")}. Returns ${signature("outputs")}. ` +
    `Versions: ${model.versions.join(", ")}.`, box)
  for (const [number, why] of Object.entries(model.failed))
    make("p", `Version ${number} cannot be loaded: ${why}`, box).className = "outside"
  const form = make("form", "", box), fields = {}
  for (const [input, one] of Object.entries(model.inputs)) {
    const about = model.features[input] ?? {}
    const plain = one.shape.length === 2 && one.shape[1] && one.shape[1] <= 32
    const count = plain ? one.shape[1] : 1
    fields[input] = { plain, list: [] }
    for (let i = 0; i < count; i++) {
      const label = make("label", "", form)
      const unit = about.units?.[i] ? ` [${about.units[i]}]` : ""
      label.append(plain ? (about.names?.[i] ?? `${input}[${i}]`) + unit : `${input}, as JSON`, " ")
      const field = make("input", "", label), range = about.ranges?.[i]
      field.required = true
      if (plain) { field.inputMode = "decimal" }
      field.value = plain ? (range ? +((range[0] + range[1]) / 2).toPrecision(6) : 1) : ""
      make("span", plain ? " " + rangeOf(about, i) : "", label)
      fields[input].list.push(field)
    }
  }
  make("button", "Predict", form)
  const output = make("output", "", form)
  form.onsubmit = async event => {
    event.preventDefault()
    const row = {}
    try {
      for (const [input, { plain, list }] of Object.entries(fields))
        row[input] = plain ? list.map(f => JSON.parse(f.value)) : JSON.parse(list[0].value)
    } catch { output.textContent = "Each field must hold a number."; return }
    const answer = await ask(`v1/models/${encodeURIComponent(model.name)}:predict`,
      { method: "POST", body: JSON.stringify({ instances: [row] }) })
    const content = await answer.json()
    output.textContent = content.error ?? JSON.stringify(content.predictions[0])
    const outside = answer.headers.get("X-Outside-Training-Range")
    if (outside) make("div", `Outside the range seen in training: ${outside}`, output)
      .className = "outside"
  }
}
ask("v1/models").then(async answer => {
  const main = document.querySelector("main"), content = await answer.json()
  main.textContent = content.error ?? (content.models.length ? "" : "No model is ready yet.")
  for (const model of content.models ?? []) show(model, main)
})
</script>
</html>
"""
)

DESCRIPTION: str = (
    _HEAD
    + """
<h1>Addresses</h1>
<p>The same for programs: <a href="openapi.json">openapi.json</a> ·
<a href=".">the models</a></p>
<main>Loading</main>
<script>
ask("openapi.json").then(async answer => {
  const main = document.querySelector("main"), content = await answer.json()
  main.textContent = content.error ?? ""
  for (const [path, entry] of Object.entries(content.paths ?? {}))
    for (const [method, one] of Object.entries(entry)) {
      const box = make("section", "", main)
      make("code", `${method.toUpperCase()} ${path}`, make("p", "", box))
      make("p", one.summary, box)
      const schema = one.requestBody?.content["application/json"].schema
      if (schema?.example) {
        const place = path.includes("{") ? path : location.origin + path
        make("pre", `curl -d '${JSON.stringify(schema.example)}' ${place}`, box)
      }
    }
})
</script>
</html>
"""
)
