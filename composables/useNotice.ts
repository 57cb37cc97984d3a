/** Short news that a screen reader hears too: what was done, or why it was not. */
export function useNotice() {
  const toast = useToast()
  return {
    done: (title: string, description?: string) => toast.add({ title, description, color: 'success', icon: 'i-lucide-circle-check', duration: 6000 }),
    /** The same with a file to take along: there is time to reach it. */
    doneWithFile: (title: string, description: string, file: { label: string, href: string }) => toast.add({
      title, description, color: 'success', icon: 'i-lucide-circle-check', duration: 30_000, orientation: 'vertical',
      actions: [{ label: file.label, to: file.href, external: true, icon: 'i-lucide-download', color: 'neutral', variant: 'outline' }],
    }),
    failed(error: unknown) {
      const problem = problemOf(error)
      toast.add({ title: problem.title, description: problem.detail, color: 'error', icon: 'i-lucide-circle-x', duration: 12_000 })
    },
  }
}
