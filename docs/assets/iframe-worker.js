// A browser starts no worker from disk (file://). There, the search of these pages runs in a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super()
      this.waiting = []
      const frame = document.createElement("iframe")
      frame.hidden = true
      frame.addEventListener("load", () => this.start(frame.contentWindow, address), { once: true })
      document.body.append(frame)
    }
    start(inside, address) {
      inside.postMessage = data => this.later(this, data)
      const script = inside.document.createElement("script")
      script.src = new URL(address, location)
      script.onload = () => { this.inside = inside; this.waiting.splice(0).forEach(data => this.later(inside, data)) }
      inside.document.body.append(script)
    }
    later(target, data) { // as between two threads: never while the sender is still at work
      setTimeout(() => target.dispatchEvent(new MessageEvent("message", { data })))
    }
    postMessage(data) {
      if (this.inside) this.later(this.inside, data)
      else this.waiting.push(data)
    }
    terminate() {}
  }
}
