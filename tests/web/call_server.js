// In the place of the Socket.IO client: a server played by the test, `__server.tell(event, payload)`.
// A command is answered `ok`, or as `__server.answers[event](payload)` says; what was said is kept in
// `__server.said`.

const heard = {};
const socket = {
  connected: false,
  active: true,
  on: (event, listener) => (heard[event] = listener),
  connect() {
    socket.connected = true;
    queueMicrotask(() => heard.connect?.());
    return socket;
  },
  disconnect() {
    socket.connected = false;
    return socket;
  },
  timeout: () => ({
    emitWithAck: async (event, payload) => {
      __server.said.push([event, payload]);
      return __server.answers[event]?.(payload) ?? { ok: true };
    },
  }),
  volatile: { emit: (event, payload) => __server.said.push([event, payload]) },
};

globalThis.__server = {
  said: [],
  answers: {},
  tell: (event, payload, answer) => heard[event]?.(payload, answer),
  cut() {
    socket.connected = false;
    heard.disconnect("transport close");
  },
};

export const io = () => socket;

/** Ways to a server, which this one does not need. */
export class WebSocket {}
export class XHR {}
