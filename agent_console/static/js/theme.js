// Sets the theme. It runs in the head, before the first paint, so that a dark page does not flash light.
const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

function apply() {
  const chosen = root.dataset.theme;
  root.dataset.bsTheme = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  document.dispatchEvent(new CustomEvent("themechange"));
}

dark.addEventListener("change", apply);
document.addEventListener("choosetheme", (event) => {
  root.dataset.theme = event.detail;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${event.detail}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  apply();
});
apply();
