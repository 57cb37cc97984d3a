/** Light and dark by the system's setting; contrast of every pair is at least 4.5 to 1 (WCAG 2.2, 1.4.3). */
export const pageStyle = `
  :root { color-scheme: light dark; --ground: #f4f4f5; --card: #ffffff; --text: #18181b; --quiet: #52525b; --line: #d4d4d8;
    --accent: #15603f; --on-accent: #ffffff; --warn: #fef3c7; --on-warn: #713f12; }
  @media (prefers-color-scheme: dark) { :root { --ground: #0f0f11; --card: #1c1c1f; --text: #f4f4f5; --quiet: #b4b4bb; --line: #3f3f46;
    --accent: #4ade9f; --on-accent: #06281a; --warn: #3b2f0b; --on-warn: #fde68a; } }
  * { box-sizing: border-box; }
  body { margin: 0; padding: 1rem; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
  main { max-width: 34rem; margin: 2vh auto; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
  h1 { font-size: 1.4rem; line-height: 1.25; margin: 1rem 0 .5rem; }
  h2 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
  ul { margin: 0; padding-left: 1.25rem; }
  li { margin: .25rem 0; }
  code, .address { color: var(--quiet); font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
  .banner { margin: 0; padding: .6rem .8rem; border-radius: .5rem; background: var(--warn); color: var(--on-warn); }
  .note { color: var(--quiet); font-size: .9rem; }
  .buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem; }
  fieldset { margin: 1.25rem 0 0; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .5rem; }
  label { display: flex; gap: .5rem; align-items: center; min-height: 2.75rem; }
  button { flex: 1 1 8rem; min-height: 2.75rem; padding: .5rem 1rem; border: 1px solid var(--quiet); border-radius: .5rem;
    background: transparent; color: var(--text); font: inherit; font-weight: 600; cursor: pointer; }
  button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
  form { min-width: 0; }
  .buttons form { display: flex; flex: 1 1 10rem; }
  .field { display: block; margin: .75rem 0 0; }
  select, input:not([type=radio], [type=hidden]) { display: block; width: 100%; min-height: 2.75rem; margin-top: .25rem; padding: .5rem .75rem; border: 1px solid var(--quiet);
    border-radius: .5rem; background: var(--card); color: var(--text); font: inherit; }
  .cards { padding: 0; list-style: none; }
  .cards > li { margin: .5rem 0; padding: .75rem; border: 1px solid var(--line); border-radius: .5rem; overflow-wrap: anywhere; }
  .cards > .warn { background: var(--warn); color: var(--on-warn); border-color: transparent; }
  .cards > .warn button { margin-top: .5rem; width: 100%; border-color: currentColor; color: inherit; }
  .cards .buttons { margin-top: .5rem; }
  .said { padding: .6rem .8rem; border-left: 4px solid var(--accent); background: var(--ground); }
  a { color: var(--accent); }
  summary { min-height: 2.75rem; padding: .6rem 0; cursor: pointer; }
  dt { font-weight: 600; margin-top: .5rem; }
  dd { margin: 0; color: var(--quiet); }
  :is(a, select, input, summary):focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
  button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
`
