export default defineAppConfig({
  ui: {
    colors: { primary: 'petrol', neutral: 'zinc' },
    button: { slots: { base: 'font-medium cursor-pointer disabled:cursor-not-allowed' } },
    formField: { slots: { label: 'text-highlighted', help: 'text-muted' } },
    input: { slots: { root: 'w-full' } },
    alert: { slots: { title: 'font-semibold', description: 'text-default opacity-100' } },
  },
})
