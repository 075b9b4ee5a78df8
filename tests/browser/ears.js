// Lets a test hear what a page plays: every sound element and peer connection it makes is remembered.
(() => {
  const played = [];
  const peers = [];
  const Sound = window.Audio;
  const Peer = window.RTCPeerConnection;
  window.Audio = function (...given) {
    const sound = new Sound(...given);
    played.push(sound);
    return sound;
  };
  window.RTCPeerConnection = class extends Peer {
    constructor(...given) {
      super(...given);
      peers.push(this);
    }
  };
  let context = null;

  /** The loudest frequency of all that is played during `ms`, in hertz, and its level in decibels below full (−∞: silence). */
  window.listen = async (ms) => {
    context ??= new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    const sources = played
      .filter((sound) => sound.srcObject && !sound.muted && !sound.paused)
      .map((sound) => context.createMediaStreamSource(sound.srcObject));
    for (const source of sources) source.connect(analyser);
    await new Promise((done) => setTimeout(done, ms));
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    for (const source of sources) source.disconnect();
    const loudest = bins.indexOf(Math.max(...bins));
    return { hertz: (loudest * context.sampleRate) / analyser.fftSize, decibels: Math.max(bins[loudest], -200) };
  };
  window.openPeers = () => peers.filter((peer) => peer.connectionState !== "closed").length;
})();
