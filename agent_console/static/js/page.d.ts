// Our own events carry a detail, the fields of a form are read by their names, and one library is loaded by a script element.

interface EventTarget {
  addEventListener(type: string, listener: (event: CustomEvent) => void, options?: AddEventListenerOptions): void;
}

interface DocumentEventMap {
  choosetheme: CustomEvent<string>;
  themechange: CustomEvent<void>;
  "htmx:config:request": CustomEvent;
}

interface HTMLFormControlsCollection {
  [name: string]: any;
}

interface Window {
  Twilio?: any;
}
